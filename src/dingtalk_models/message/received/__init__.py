"""Messages from people to the robot (机器人接收消息), and replies."""
